// node test/contracts/model/prove.mjs: proves GrowthModel.sol with solc's SMTChecker (constrained Horn clauses) and the z3 of the PATH.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import solc from 'solc'

const content = readFileSync(new URL('GrowthModel.sol', import.meta.url), 'utf8')
const modelChecker = {
  engine: 'chc',
  solvers: ['smtlib2'],
  showProvedSafe: true,
  showUnproved: true,
  targets: ['underflow', 'overflow', 'assert'],
}
const input = { language: 'Solidity', sources: { 'GrowthModel.sol': { content } }, settings: { outputSelection: {}, modelChecker } }
const smtSolver = query => {
  const { stdout, error } = spawnSync('z3', ['-smt2', '-T:20', '-in'], { input: query, encoding: 'utf8' })
  return error ? { error: error.message } : { contents: stdout }
}
const { errors = [] } = JSON.parse(solc.compile(JSON.stringify(input), { smtSolver }))
for (const { formattedMessage } of errors) console.log(formattedMessage.trim())
const proven = errors.filter(({ errorCode }) => errorCode === '9576').length
const open = errors.filter(({ errorCode, severity }) => errorCode !== '9576' && severity !== 'info').length
console.log(`${proven} proven, ${open} not`)
process.exitCode = proven > 0 && open === 0 ? 0 : 1
