const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether a text of an address or a form may be given to a uuid column. */
export function isUuid(text: string): boolean {
  return uuid.test(text)
}
