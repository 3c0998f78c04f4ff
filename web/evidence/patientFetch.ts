const attempts = 4
const longest = 90

/**
 * The answer of our server; where it has had enough of this address (429), asks again when `Retry-After` is over. `onWait` is
 * told how many seconds that is.
 */
export async function patientFetch(path: string, init: RequestInit, onWait: (seconds: number) => void): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(path, init)
    const wait = Number(response.headers.get('retry-after'))
    if (response.status !== 429 || attempt === attempts || !(wait >= 0 && wait <= longest)) return response
    onWait(wait)
    await new Promise(resolve => setTimeout(resolve, (wait + 1) * 1000))
  }
}
