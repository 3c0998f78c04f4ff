/** Whom a personal number names here: an officer, the holder of a diploma, or both. */
export interface KnownPerson {
  officerId?: string
  /** Look-up index of the number, 32 bytes. */
  personIndex: Buffer
}

/** Finds the person of a personal number (12 digits); undefined when nothing here is theirs. */
export type FindPerson = (personalNumber: string) => Promise<KnownPerson | undefined>
