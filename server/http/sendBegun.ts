import type { Response } from 'express'

/** Answers 202 with what was begun, and in `Location` where to ask for its request, when there is one. */
export function sendBegun<Answer extends { readonly requestId: string | null }>(res: Response, answer: Answer): void {
  if (answer.requestId !== null) res.location(`/api/requests/${answer.requestId}`)
  res.status(202).json(answer)
}
