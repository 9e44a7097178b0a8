/** The console in this process, over a desk whose mail is worked: quick to start, and its parts can be reached. */
import { type Console, type ConsoleDeps, startConsole } from '../../src/console/server.ts'
import { createParsePool } from '../../src/ticketing/parse-pool.ts'
import { type Desk, letter, openDesk } from './front-desk.ts'

export const OPERATOR = 'operator-token'
export const AUDITOR = 'auditor-token'

export interface Login {
  readonly cookie: string
  readonly csrf: string
}

export interface Served extends AsyncDisposable {
  readonly desk: Desk
  readonly at: string
  readonly console: Console
  readonly deps: ConsoleDeps
  /** What the queue was asked for. */
  readonly asked: string[]
  /** Without following redirections. */
  ask(path: string, init?: RequestInit): Promise<Response>
  logIn(token: string): Promise<Login>
}

/** With one message on it, which is a ticket; and the message's id. */
export async function serveOneMessage(): Promise<[Served, id: string]> {
  const served = await serveDesk()
  served.desk.deliver('support', letter({ id: 'one' }))
  await served.desk.takeIn()
  const [found] = await served.desk.store.browse.messages({}, null, 1)
  return [served, found?.id ?? '']
}

export async function serveDesk(): Promise<Served> {
  const desk = await openDesk()
  const parsePool = createParsePool({ threads: 1 })
  const asked: string[] = []
  const deps: ConsoleDeps = {
    ...{ store: desk.store, mailboxes: [], parsePool, queue: null, now: () => new Date() },
    tokens: { operator: OPERATOR, auditor: AUDITOR },
    wake: async (ids) => void asked.push(...ids),
    requestPoll: async (name) => void asked.push(name),
  }
  const console = await startConsole(deps, { host: '127.0.0.1', port: 0 })
  const at = `http://127.0.0.1:${console.port}`
  const ask = (path: string, init: RequestInit = {}) => fetch(at + path, { redirect: 'manual', ...init })
  return {
    ...{ desk, at, console, deps, asked, ask },
    logIn: async (token) => {
      const answer = await ask('/login', { method: 'POST', body: new URLSearchParams({ token }) })
      const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
      const page = await (await ask('/', { headers: { cookie } })).text()
      return { cookie, csrf: /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '' }
    },
    [Symbol.asyncDispose]: async () => {
      await console.close()
      await parsePool.close()
      await desk[Symbol.asyncDispose]()
    },
  }
}
