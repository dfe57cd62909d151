/** Findings of cdk-nag that stay, each with its reason. */
import { Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

/** Of this construct and all below it. */
export function acknowledge(construct: IConstruct, reason: string, rules: readonly string[]): void {
  Validations.of(construct).acknowledge(...rules.map(id => ({ id, reason })))
}
