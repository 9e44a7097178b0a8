import { asMailchuteError } from '../../errors.ts'
import type { ImapClient } from './client.ts'
import { fetchBatch, type Job } from './fetch-batch.ts'
import type { Setting } from './setting.ts'
import { batchOf, type Wish } from './wish.ts'

/**
 * Commands in the order in which they are asked for. imapflow has one of them on the wire at a time, and over a long
 * line it is round trips that cost: so wishes that wait together go with one FETCH.
 */
export class CommandQueue {
  readonly #client: ImapClient
  readonly #setting: Setting
  #waiting: (Job | Act)[] = []
  #isAtWork = false

  constructor(client: ImapClient, setting: Setting) {
    this.#client = client
    this.#setting = setting
  }

  /** Resolves once the wish has taken all there is; false: the server has no such message. */
  fetch(wish: Wish): Promise<boolean> {
    return new Promise((resolve, reject) => this.#add({ wish, state: 'waits', resolve, reject }))
  }

  run<T>(act: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => this.#add({ act: async () => act().then(resolve, reject), reject }))
  }

  #add(entry: Job | Act): void {
    this.#waiting.push(entry)
    if (this.#isAtWork) return
    this.#isAtWork = true
    // What is asked for in one go goes out together.
    queueMicrotask(() => void this.#work())
  }

  async #work(): Promise<void> {
    for (let next = this.#take(); next.length > 0; next = this.#take()) await this.#do(next)
    this.#isAtWork = false
  }

  #take(): (Job | Act)[] {
    const end = this.#waiting.findIndex((entry) => !('wish' in entry))
    const jobs = (end === -1 ? this.#waiting : this.#waiting.slice(0, end)) as Job[]
    const count = batchOf(
      jobs.map(({ wish }) => wish),
      this.#setting.limits,
    )
    return this.#waiting.splice(0, Math.max(1, count))
  }

  /** Never rejects: a failure is the answer to those whose turn it was. */
  async #do(entries: readonly (Job | Act)[]): Promise<void> {
    try {
      if (this.#client.failure !== null) throw this.#client.failure
      const [first] = entries
      if (first !== undefined && 'act' in first) await first.act()
      else await fetchBatch(this.#client, this.#setting, entries as readonly Job[])
    } catch (thrown) {
      for (const entry of entries) entry.reject(asMailchuteError(thrown))
    }
  }
}

interface Act {
  act(): Promise<void>
  reject(error: unknown): void
}
