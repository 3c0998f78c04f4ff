import type { RequestHandler } from 'express'
import { AppError } from '../../core/errors.ts'

/** Whoever has not signed in is told so before anything is said of what was asked. Throws `auth.required`. */
export const requireCaller: RequestHandler = (req, _res, next) => {
  if (!req.actor) throw new AppError('auth.required')
  next()
}
