export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/test/e2e/', '/test/faults/'],
  extensionsToTreatAsEsm: ['.ts'],
  // It only ends what hangs: a busy machine takes its time.
  testTimeout: 240_000,
  maxWorkers: 2,
  globalSetup: '<rootDir>/test/support/globalSetup.mjs',
  setupFiles: ['<rootDir>/test/support/propertySeed.mjs'],
  globalTeardown: '<rootDir>/test/support/globalTeardown.mjs',
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } }] },
}
