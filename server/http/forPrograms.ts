/** Paths of what programs ask for: an error there is never a page, whatever is accepted. */
export const forPrograms =
  /^\/(?:(?:api|\.well-known|log|photos|live-bindings|vct)\/|(?:status-lists|healthz|readyz|openapi\.json)(?:\/|$))/
