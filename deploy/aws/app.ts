/** Entry of the CDK app: see docs/cloud.md. */
import { App } from 'aws-cdk-lib'
import { tickhouseApp } from './tickhouse-app.ts'

tickhouseApp(new App()).synth()
