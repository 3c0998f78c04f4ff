/** A script of ours could not be loaded, so that nothing can be said of what it would have read. */
export class PartMissing extends Error {}

/** The loaded part. Throws `PartMissing`. */
export function loadedPart<Part>(part: Promise<Part>): Promise<Part> {
  return part.catch(cause => {
    throw new PartMissing('A part could not be loaded', { cause })
  })
}
