import { Resolver } from 'node:dns/promises'
import { createBreaker } from './breaker.ts'
import { codeOf, failure, isAnswer, type Resolve } from './dns-answers.ts'
import { createDnsCache } from './dns-cache.ts'

/**
 * The DNS for those who verify mail: bounded in time, and silent as soon as it does not answer.
 */
export interface Dns {
  readonly resolve: Resolve
  /** Look-ups make sense: it has answered of late. Never waits for long. */
  isAnswering(): Promise<boolean>
  /** Gives up what is asked. */
  close(): void
}

export interface DnsOptions {
  /** Addresses as `dns.setServers` takes them; none: the system's. */
  readonly servers?: readonly string[]
  readonly timeoutMilliseconds?: number
  readonly firstProbeMilliseconds?: number
  readonly now?: () => number
}

const TIMEOUT_MILLISECONDS = 2000

export function createDns(options: DnsOptions = {}): Dns {
  const timeoutMilliseconds = options.timeoutMilliseconds ?? TIMEOUT_MILLISECONDS
  // Room for a second server, or a second try, within the time of one look-up.
  const resolver = new Resolver({ timeout: Math.ceil(timeoutMilliseconds / 2), tries: 2 })
  if (options.servers && options.servers.length > 0) resolver.setServers(options.servers)
  const waiting = new Set<() => void>()
  const ask = (name: string, type: string) => within(resolver.resolve(name, type), timeoutMilliseconds, waiting)
  const giveUpAll = (): void => {
    for (const giveUp of waiting) giveUp()
  }
  const breaker = createBreaker({
    probe: () => answersAny([ask('.', 'NS'), ask('com', 'NS')]),
    onOpen: giveUpAll,
    ...(options.now ? { now: options.now } : {}),
    ...(options.firstProbeMilliseconds === undefined ? {} : { firstProbeMilliseconds: options.firstProbeMilliseconds }),
  })
  const cache = createDnsCache(options.now ?? Date.now)
  const look: Resolve = async (name, type) => {
    if (!(await breaker.isClosed())) throw failure('ECONNREFUSED')
    try {
      const records = await ask(name, type)
      breaker.answered()
      return records
    } catch (error) {
      if (isAnswer(error)) breaker.answered()
      else breaker.failed()
      // Node's own error names the host, which is the stranger's choice.
      throw failure(codeOf(error))
    }
  }
  return {
    resolve: async (name, type) => {
      if (!isName(name)) throw failure('EBADNAME')
      return cache.get(`${type} ${name.toLowerCase()}`, () => look(name, type))
    },
    isAnswering: breaker.isClosed,
    close: () => {
      giveUpAll()
      resolver.cancel()
    },
  }
}

/** RFC 1035 section 2.3.4. Any octets may be in a label; none of ours has others than these. */
const isName = (name: string): boolean =>
  name.length <= 253 && /^[\x21-\x7e]+$/.test(name) && name.split('.').every(({ length }) => length > 0 && length <= 63)

/** c-ares asks one server after the other, each with a time of its own. */
function within<T>(promise: Promise<T>, milliseconds: number, waiting: Set<() => void>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => settle(() => reject(failure('ETIMEOUT')))
    const settle = (act: () => void): void => {
      clearTimeout(timer)
      waiting.delete(giveUp)
      act()
    }
    // An answer that is here already, and waits only because this thread was busy, counts.
    const timer = setTimeout(() => setImmediate(giveUp), milliseconds)
    waiting.add(giveUp)
    promise.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    )
  })
}

/** The root and com are there wherever there is a DNS of the world; networks without one often answer "no such name". */
async function answersAny(questions: readonly Promise<unknown>[]): Promise<boolean> {
  return Promise.any(questions).then(
    () => true,
    () => false,
  )
}
