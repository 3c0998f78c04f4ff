import { AppError, type ErrorCode } from '../../core/errors.ts'

/** The code of the AppError that the function throws; `none` when it throws nothing. Any other error passes through. */
export function thrownCode(run: () => unknown): ErrorCode | 'none' {
  try {
    run()
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
  return 'none'
}

/** As `thrownCode`, of what a promise is rejected with. */
export async function rejectedCode(promise: Promise<unknown>): Promise<ErrorCode | 'none'> {
  try {
    await promise
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
  return 'none'
}
