/** A token as the broker's own module for tests takes it: signed by nobody. Its subject is the user. */
export function unsignedToken(subject: string, seconds: number): string {
  const part = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url')
  const nowS = Math.floor(Date.now() / 1000)
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: nowS, exp: nowS + seconds })}.`
}
