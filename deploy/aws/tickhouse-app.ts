/** The app with its checks, for the command line as for tests. */
import { type App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { readSettings } from './settings.ts'
import { TickhouseStack } from './stack.ts'

/** A finding of cdk-nag that is not acknowledged fails the synthesis. Throws for settings that cannot be used. */
export function tickhouseApp(app: App): App {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  new TickhouseStack(app, readSettings(app.node.getAllContext()))
  return app
}
