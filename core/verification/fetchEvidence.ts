import type { EvidencePorts, FetchAnswer } from './evidence.ts'

/** The port's answer; a port that rejects, or gives more than was wanted, is unreachable. */
export async function fetchEvidence(ports: EvidencePorts, path: string, maxLength: number, fresh = false): Promise<FetchAnswer> {
  try {
    const answer = await ports.fetchFile(path, { maxLength, fresh })
    if (answer.kind === 'found' && answer.bytes.length > maxLength)
      return { kind: 'unreachable', detail: `${path} is larger than ${maxLength} bytes` }
    return answer
  } catch (error) {
    return { kind: 'unreachable', detail: error instanceof Error ? error.message : '' }
  }
}
