import type { Credentials, Venue } from '../../venues/venue.ts'

/** How to open a socket: the address, maybe with secrets, and the frames that log in, if the venue requires it. */
export function authorization(
  { account }: Venue,
  url: string,
  credentials: (() => Credentials) | undefined,
): { url: string; login: readonly string[] | undefined } {
  if (!account || !credentials) return { url, login: undefined }
  const secrets = credentials()
  return { url: account.authorizedUrl?.(url, secrets) ?? url, login: account.login?.(secrets) }
}
