/** URL of the scanner's worker, put in by server/pages/buildWeb.ts. */
declare const SCAN_WORKER_URL: string
/** URL paths that the service worker keeps. */
declare const KEPT_FILES: readonly string[]
declare const KEPT_VERSION: string

declare module '*.wasm' {
  const url: string
  export default url
}
