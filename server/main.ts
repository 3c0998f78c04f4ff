import { fileURLToPath } from 'node:url'
import type { Express } from 'express'
import { anchoringState } from './anchoring/anchoringState.ts'
import { chainNode } from './anchoring/chainNode.ts'
import { buildApp } from './app.ts'
import { composeMetrics, observed, readinessChecks } from './composeOperations.ts'
import { composePublic } from './composePublic.ts'
import { homePath } from './config.ts'
import { holdsDiploma } from './diplomas/diplomasTable.ts'
import { personalDataElsewhere } from './http/personalDataElsewhere.ts'
import { agenciesRoutes } from './http/routes/agencies.ts'
import { cardsRoutes } from './http/routes/cards.ts'
import { diplomaChangesRoutes } from './http/routes/diplomaChanges.ts'
import { diplomaRequestRoute, diplomaRequestsRoute } from './http/routes/diplomaRequests.ts'
import { diplomasRoutes } from './http/routes/diplomas.ts'
import { importsRoutes } from './http/routes/imports.ts'
import { jwtVcIssuerRoutes } from './http/routes/jwtVcIssuer.ts'
import { keysRoutes } from './http/routes/keys.ts'
import { officersRoutes } from './http/routes/officers.ts'
import { ownDiplomasRoutes } from './http/routes/ownDiplomas.ts'
import { printJobsRoutes } from './http/routes/printJobs.ts'
import { requestsRoutes } from './http/routes/requests.ts'
import { resourceMetadataRoutes } from './http/routes/resourceMetadata.ts'
import { sdJwtRoutes } from './http/routes/sdJwt.ts'
import { stampedCopiesRoute } from './http/routes/stampedCopies.ts'
import { statusListRoutes } from './http/routes/statusLists.ts'
import { trustRoutes } from './http/routes/trust.ts'
import { type Installation, publishedPin } from './installation.ts'
import { personalNumberIndex } from './keys/personalNumberIndex.ts'
import { httpTimestamper } from './keys/timestamp.ts'
import { logRoutes } from './log/logRoutes.ts'
import { proofFor } from './log/proofFor.ts'
import { readOfficersByNumber } from './officers/officersTable.ts'
import type { Metrics } from './operations/metrics.ts'
import { readinessRoutes } from './operations/readiness.ts'
import { buildAssets } from './pages/build.ts'
import { buildWeb } from './pages/buildWeb.ts'
import { consolePages } from './pages/console/index.ts'
import { problemPage } from './pages/console/problemPage.ts'
import { pageAssets, pageShell } from './pages/render.ts'
import { installedTemplate } from './printing/render/installedTemplates.ts'
import { templatesFolder } from './printing/render/template.ts'
import { publicFileReader } from './publicFile.ts'
import { authenticate } from './staff/authenticate.ts'
import { personOfClaims } from './staff/claims.ts'
import { createIdentityProvider } from './staff/identityProvider.ts'
import type { FindPerson } from './staff/knownPerson.ts'
import { createSessions } from './staff/sessions.ts'
import { isBarred } from './staff/staffTable.ts'
import { createVerifier } from './verification/createVerifier.ts'
import { createServerPorts } from './verification/serverPorts.ts'

export interface WebServer {
  app: Express
  metrics: Metrics
  /** From now on /readyz says that the process is stopping. */
  drain(): void
}

/** The web application of an installation. */
export async function composeWeb(installation: Installation, { demonstration = false } = {}): Promise<WebServer> {
  const { config, logger, pool, cipher, agencies, statusLists, origin, clock, traces } = installation
  const assetsDir = homePath(config, 'build', 'assets')
  const [assets, webAssets, trustRoot] = await Promise.all([buildAssets(assetsDir), buildWeb(assetsDir), publishedPin(installation)])
  const identityProvider = createIdentityProvider(identityOptions(installation), findPerson(installation))
  const sessions = createSessions({ pool, publicUrl: origin, clock })
  const metrics = composeMetrics(installation)
  const created = createVerifier({
    ports: createServerPorts({
      readPublicFile: publicFileReader(installation),
      chain: installation.nodes[0] && chainNode(installation.nodes[0]),
    }),
    trustRoot,
    publicUrl: origin,
    clock,
  })
  const verifier = observed(created, metrics, traces)
  const open = await composePublic(installation, { assets: webAssets, verifier, trustRoot, demonstration })
  const anchors = config.CHAIN !== 'none'
  let draining = false
  const cardDeps = { pool, cipher, clock, termYears: config.CARD_TERM_YEARS }
  const rendering = { agencies, origin, demonstration, template: (name: string) => installedTemplate(name) }
  const keyDeps = { ...installation, logOrigin: installation.logKey.name }
  const diplomaDeps = { pool, cipher, agencies, origin, clock }

  const diplomaFiles = {
    ...diplomaDeps,
    ...rendering,
    signers: installation.signers,
    proofFor: (ref: Uint8Array) => proofFor(installation, ref),
    timestamp: config.TSA_URL ? httpTimestamper(config.TSA_URL) : undefined,
  }

  const shell = pageShell({ assets, demonstration })

  const app = buildApp({
    logger,
    publicUrl: origin,
    trustProxy: config.TRUST_PROXY,
    formTargets: config.OIDC_ISSUER ? [new URL(config.OIDC_ISSUER).origin] : [],
    measureRequests: (req, res, next) => metrics.measureRequests(req, res, () => traces.traceRequests(req, res, next)),
    publicRoutes: [
      readinessRoutes(readinessChecks(installation), () => draining),
      resourceMetadataRoutes({
        publicUrl: origin,
        audience: config.API_AUDIENCE,
        issuer: config.OIDC_ISSUER,
        cliClientId: config.OIDC_CLI_CLIENT_ID,
      }),
      trustRoutes({ pool }),
      statusListRoutes({ pool, statusLists, publicUrl: origin }),
      jwtVcIssuerRoutes({ pool, tree: agencies, publicUrl: origin, clock }),
      logRoutes(installation),
      ...open.publicRoutes,
      pageAssets({ assets, assetsDir }),
    ],
    authenticate: authenticate({
      actorOfToken: identityProvider.actorOfToken,
      actorOfSession: sessions.actorOfSession,
      isBarred: sub => isBarred(pool, sub),
    }),
    streamRoutes: [...open.streamRoutes, diplomaRequestsRoute(diplomaDeps), stampedCopiesRoute(diplomaFiles)],
    idempotency: open.idempotency,
    apiRoutes: [
      ...open.apiRoutes,
      importsRoutes(diplomaDeps),
      officersRoutes({ ...diplomaDeps, ...personalDataElsewhere({ pool, cipher }) }),
      requestsRoutes({ pool, cipher, agencies }),
      agenciesRoutes({ pool, cipher, agencies }),
      cardsRoutes({ ...cardDeps, ...rendering, isRestricted: installation.isRestricted }),
      printJobsRoutes({ pool, cipher, ...rendering }),
      diplomaRequestRoute(diplomaDeps),
      diplomaChangesRoutes(diplomaDeps),
      diplomasRoutes(diplomaFiles),
      ownDiplomasRoutes(diplomaFiles),
      keysRoutes(keyDeps),
      sdJwtRoutes({
        pool,
        cipher,
        signers: installation.signers,
        publicUrl: origin,
        clock,
        agencies,
        isRestricted: installation.isRestricted,
      }),
    ],
    renderProblem: problemPage({ pool, cipher, clock, shell }),
    pages: [
      shell,
      ...open.pages,
      consolePages({
        ...keyDeps,
        keyWaitSeconds: config.KEY_WAIT_HOURS * 3600,
        templatesFolder: fileURLToPath(templatesFolder),
        ...cardDeps,
        ...rendering,
        proofFor: diplomaFiles.proofFor,
        legalBasis: config.LEGAL_BASIS,
        allowPrivate: config.WEBHOOK_ALLOW_PRIVATE,
        tree: agencies,
        sessions,
        publicUrl: origin,
        identityProvider,
        personOfClaims: claims => personOfClaims(claims, identityOptions(installation).claims),
        findPerson: findPerson(installation),
        logState: async () => {
          const { anchored, checkpointSize, late } = await anchoringState(pool, anchors)
          return {
            treeSize: checkpointSize,
            anchor: anchored && { treeSize: anchored.treeSize, at: new Date(anchored.time * 1000), late },
            anchoring: anchors,
          }
        },
      }),
    ],
  })
  return {
    app,
    metrics,
    drain() {
      draining = true
    },
  }
}

function identityOptions({ config, origin }: Installation) {
  if (!config.OIDC_ISSUER) throw new Error('OIDC_ISSUER names no identity provider')
  return {
    issuer: config.OIDC_ISSUER,
    clientId: config.OIDC_CLIENT_ID,
    clientSecret: config.OIDC_CLIENT_SECRET,
    publicUrl: origin,
    audience: config.API_AUDIENCE,
    personClients: [config.OIDC_CLI_CLIENT_ID, config.OIDC_CLIENT_ID],
    stepUpAcr: config.OIDC_STEP_UP_ACR,
    claims: {
      name: 'name',
      roles: config.OIDC_ROLES_CLAIM,
      roleNames: config.OIDC_ROLE_NAMES,
      agency: config.OIDC_AGENCY_CLAIM,
      officer: config.OIDC_OFFICER_CLAIM,
    },
  }
}

function findPerson({ pool, cipher }: Installation): FindPerson {
  return async personalNumber => {
    const personIndex = personalNumberIndex(cipher, personalNumber)
    const [officer] = await readOfficersByNumber(pool, [personIndex])
    if (officer) return { officerId: officer.id, personIndex }
    return (await holdsDiploma(pool, personIndex)) ? { personIndex } : undefined
  }
}
