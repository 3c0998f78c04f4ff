// The arrows of the house (docs/decisions/0001, architecture): who may import whom.
const feature = '^server/(officers|imports|photos|cards|diplomas|printing|verification|live-cards|sd-jwt|webhooks|anchoring|overview)/'

export default {
  forbidden: [
    {
      name: 'core-is-pure',
      comment: 'core imports zod/mini and itself, nothing else',
      severity: 'error',
      from: { path: '^core/' },
      to: { pathNot: '^(core/|node_modules/zod/)' },
    },
    { name: 'web-imports-core', severity: 'error', from: { path: '^web/' }, to: { path: '^(server|cli)/' } },
    { name: 'server-imports-no-cli-or-web', severity: 'error', from: { path: '^server/' }, to: { path: '^(cli|test|bench)/' } },
    {
      name: 'features-know-nothing-of-http',
      severity: 'error',
      from: { path: feature },
      to: { path: '^server/(http/routes|pages|main|app)' },
    },
    {
      name: 'nothing-points-back',
      comment: 'what features stand on does not know features',
      severity: 'error',
      from: { path: '^server/(db|jobs|keys|status-lists|log|audit|requests|tables|agencies|trust)/' },
      to: { path: feature, pathNot: 'Table\\.ts$' },
    },
    {
      name: 'only-composition-imports-main',
      severity: 'error',
      from: { path: '^server/', pathNot: '^server/demonstration/' },
      to: { path: '^server/main\\.ts$' },
    },
    {
      name: 'ethers-stays-in-anchoring',
      severity: 'error',
      from: { pathNot: '^(server/anchoring|cli|tasks|test|bench)/' },
      to: { path: '^node_modules/ethers/' },
    },
    {
      name: 'x509-stays-in-keys',
      severity: 'error',
      from: { pathNot: '^(server/keys|test|bench|web)/' },
      to: { path: '^node_modules/(node-forge|@peculiar/x509|pkijs)/' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.antin|^test/|^bench/peers' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { conditionNames: ['import', 'require', 'node', 'default', 'types'], exportsFields: ['exports'] },
  },
}
