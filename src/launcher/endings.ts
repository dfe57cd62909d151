/** How a process ends that does not end well: errors that are printed or logged already, and the code of a user's mistake. */

/** Exit code after a configuration mistake: a restart would only repeat it. */
export const EXIT_MISTAKE = 2

/** The error is already in the log. */
export class AlreadyLogged extends Error {
  readonly code: number
  constructor(code: number) {
    super()
    this.code = code
  }
}

/** A stop that was not clean; the process and how it ended are in the log. */
export class ChildKilled extends Error {}

/** A child exited with a configuration mistake, and has printed it. */
export class ChildMistake extends Error {}
