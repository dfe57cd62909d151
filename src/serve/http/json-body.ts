/** The JSON of a request's body, which is a text where its content type is another one; undefined if it is none. */
export function jsonOf(body: unknown): unknown {
  if (typeof body !== 'string') return body
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
