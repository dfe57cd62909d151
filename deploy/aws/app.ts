/** Entry of the CDK app: see docs/cloud.md. */
import { App } from 'aws-cdk-lib'
import { SettingsError } from './settings.ts'
import { tickhouseApp } from './tickhouse-app.ts'

try {
  tickhouseApp(new App()).synth()
} catch (error) {
  if (!(error instanceof SettingsError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
