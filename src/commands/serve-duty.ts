/** The `serve` role: the console, health and metrics over HTTP. */
import { consoleTokenOf } from '../access/console-token.ts'
import { startConsole } from '../console/server.ts'
import { asMailchuteError } from '../errors.ts'
import type { Queue } from '../queue/queue.ts'
import { createParsePool } from '../ticketing/parse-pool.ts'
import type { App } from './app.ts'
import type { Duty } from './run.ts'
import { printNote } from './terminal.ts'

/** Nobody waits longer to look at one mail. */
const LOOK_SECONDS = 10

/**
 * Two workers on one machine share one port by default. Mail matters more than figures: where nobody asked for `serve`
 * by name, the second one works on without it and says so; where somebody did, it rejects with `runtime/port-taken`.
 */
export async function serveDuty(
  { config, log, store }: App,
  queue: Queue,
  isAskedFor: boolean,
  onServed: (at: { url: string; token: string }) => void = () => undefined,
): Promise<Duty> {
  const { mailboxes, http, oidc, consoleUrl } = config
  const { token, isNew } = await consoleTokenOf(config)
  const tokens = { operator: token, auditor: config.auditorToken }
  const parsePool = createParsePool({ threads: 1, timeLimitSeconds: () => LOOK_SECONDS })
  const { wake, requestPoll } = queue
  const serving = { parsePool, queue, wake, requestPoll, now: () => new Date() }
  const deps = { store, mailboxes, tokens, oidc, consoleUrl, log, ...serving }
  try {
    const served = await startConsole(deps, http)
    log.event('serve.started', { host: http.host, port: served.port })
    onServed({ url: `http://${http.host}:${served.port}`, token })
    if (isNew) printNote(`The token of the console is ${token}\nIt is kept in ${config.dataDir}/console.token`)
    return {
      stop: async () => {
        await served.close()
        await parsePool.close()
      },
    }
  } catch (thrown) {
    await parsePool.close()
    const error = asMailchuteError(thrown)
    if (isAskedFor || error.code !== 'runtime/port-taken') throw error
    log.failure('serve.skipped', error)
    return { stop: async () => undefined }
  }
}
