/** A run's report on the terminal. */
import { describeReport } from '../../lab/results/describe.ts'
import type { Report } from '../../lab/results/report.ts'
import { plainLine } from '../../plain-text.ts'

const LINE_LENGTH_MAX = 500

export function printReport(report: Report): void {
  console.log(
    describeReport(report)
      .map(line => plainLine(line, LINE_LENGTH_MAX))
      .join('\n'),
  )
}
