import { z } from 'zod'

/** A SHA-256 in hex, answered in lower case: some tools print capitals. */
export const sha256Hex = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/)
  .toLowerCase()
