// A development chain in a process of its own, on the port given, until it is killed.
import { startDevelopmentChain } from '../../server/anchoring/developmentChain.ts'

await startDevelopmentChain(Number(process.argv[2]))
