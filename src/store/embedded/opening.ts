/** Why the embedded engine could not open its directory, and what to do. Damage is the last cause to suspect. */
import { spawnSync } from 'node:child_process'
import { type ErrorCode, TickhouseError } from '../../errors.ts'

interface Cause {
  /** Matches the engine's message. */
  pattern: RegExp
  code: ErrorCode
  what: string
  advice: string
}

const CAUSES: Cause[] = [
  {
    pattern: /time zone/i,
    code: 'config_invalid',
    what: 'the time zone is unknown',
    advice: 'Set the environment variable TZ to a zone such as UTC or Europe/Berlin, or leave it unset.',
  },
  {
    pattern: /too many open files|errno: 24\b/i,
    code: 'store_unavailable',
    what: 'the limit of open files is too low',
    advice: 'Raise the limit (ulimit -n 65536, or LimitNOFILE= of the service) and start again. Nothing is damaged.',
  },
  {
    pattern: /permission denied|operation not permitted|read-only file system|errno: (1|13|30)\b/i,
    code: 'data_unwritable',
    what: 'a file or directory in it cannot be read or written',
    advice: 'Give this user the directory with all that is in it (chown -R), then start again. Nothing is damaged.',
  },
  {
    pattern: /another (server|instance)|cannot lock file|errno: 11\b/i,
    code: 'data_in_use',
    what: 'another process has it open',
    advice: 'Stop the other tickhouse on this directory, or query it: tickhouse query.',
  },
  {
    pattern: /no space left|not enough space|quota exceeded|errno: (28|122)\b/i,
    code: 'disk_full',
    what: 'there is no space left',
    advice: 'Make room on the disk and start again. Nothing is damaged.',
  },
  {
    pattern: /cannot allocate memory|memory limit|bad_alloc|errno: 12\b/i,
    code: 'store_unavailable',
    what: 'there is not enough memory',
    advice: 'Give the process more memory (1 GiB is enough to open a store) and start again. Nothing is damaged.',
  },
]

/** A program that opens the engine and exits. Arguments: the path of its package, its directory. */
const PROBE = 'import(process.argv[1]).then(({ Session }) => { new Session(process.argv[2]); process.exit(0) })'
const PROBE_MS_MAX = 60_000
const REASON_CHARACTERS_MAX = 300

/**
 * The engine's message on why it could not open `root`. It writes the message to standard error alone, so a process of
 * its own opens the directory once more.
 */
export function reasonNotOpened(root: string): string {
  const { stderr } = spawnSync(process.execPath, ['-e', PROBE, import.meta.resolve('chdb'), root], {
    encoding: 'utf8',
    timeout: PROBE_MS_MAX,
  })
  const [, reason] = /DB::Exception: ([^\n]+)/.exec(stderr ?? '') ?? []
  return reason ?? 'the engine gave no reason'
}

/** An engine's message as an error: `data_corrupt` only if no other cause is known for it. */
export function openingError(directory: string, reason: string, cause?: unknown): TickhouseError {
  const line = reason
    .split('\n')[0]!
    .replace(/[\s.]+$/, '')
    .slice(0, REASON_CHARACTERS_MAX)
  const known = CAUSES.find(({ pattern }) => pattern.test(reason))
  if (known)
    return new TickhouseError(
      known.code,
      `cannot open the store at ${directory}: ${known.what} (${line})`,
      known.advice,
      {
        cause,
      },
    )
  return new TickhouseError(
    'data_corrupt',
    `cannot open the store at ${directory}: ${line}`,
    'Stop and copy the whole directory before anything else: ticks that have left the log are only there and in the archive. Then see ' +
      'docs/recovery.md.',
    { cause },
  )
}
