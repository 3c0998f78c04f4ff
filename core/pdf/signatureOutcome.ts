/** What is to be said of a PDF's signature. */
export type SignatureOutcome = 'none' | 'valid' | 'broken' | 'appended' | 'expired' | 'foreign'
