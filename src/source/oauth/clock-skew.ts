import type { OAuthClientConfig } from '../../config.ts'
import { ask } from './authority.ts'
import { aheadSeconds } from './clock.ts'

/** How far the authority's clock is ahead of ours; null: it does not tell. Rejects if it cannot be reached. */
export async function clockSkewSeconds(client: OAuthClientConfig, signal: AbortSignal): Promise<number | null> {
  const { answer } = await ask(client, 'clock', signal, async () => {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MILLISECONDS)])
    // Whatever it thinks of such a request, its answer has a date.
    const response = await fetch(client.endpoints.token, { method: 'HEAD', redirect: 'manual', signal: deadline })
    return aheadSeconds(response.headers.get('date'), new Date())
  })
  return answer
}

const DEADLINE_MILLISECONDS = 10_000
