// The demonstration identity provider in a process of its own; its options as JSON in the argument.
import { startDemonstrationProvider } from '../../server/staff/demonstration/provider.ts'

await startDemonstrationProvider(JSON.parse(process.argv[2]!))
