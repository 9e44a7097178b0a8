/**
 * Sanitises the HTML of strangers in a thread: hostile HTML takes many seconds of it, in which this process would poll
 * no mailbox and answer nobody.
 */
import { extname } from 'node:path'
import { Piscina } from 'piscina'
import type { SafeHtml, SanitiseTask } from './thread.ts'

export interface Sanitising {
  /** null: it takes too long, or too much memory. */
  sanitise(html: string, images?: SanitiseTask['images']): Promise<SafeHtml | null>
  close(): Promise<void>
}

const IDLE_THREAD_MILLISECONDS = 60_000
const HEAP_MIB = 256
/** Those that wait have a share of the time of those before them. */
const PATIENCE_MILLISECONDS = 15_000
/** More than this many wait for nothing. */
const QUEUE_LIMIT = 32

export function createSanitising(patienceMilliseconds = PATIENCE_MILLISECONDS): Sanitising {
  const piscina = new Piscina<SanitiseTask, SafeHtml>({
    // The source runs as .ts, the build as .js.
    filename: new URL(`./thread${extname(import.meta.url)}`, import.meta.url).href,
    ...{ maxThreads: 1, minThreads: 0, idleTimeout: IDLE_THREAD_MILLISECONDS, maxQueue: QUEUE_LIMIT },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, maxYoungGenerationSizeMb: 16 },
    env: {},
    execArgv: [],
  })
  piscina.on('error', () => {})
  return {
    sanitise: (html, images = null) => {
      const signal = AbortSignal.timeout(patienceMilliseconds)
      return piscina.run({ html, images }, { signal }).catch(() => null)
    },
    close: () => piscina.destroy(),
  }
}
