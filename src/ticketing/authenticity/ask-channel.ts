import type { MessagePort } from 'node:worker_threads'
import { codeOf, failure, RECORD_TYPES, type RecordType, type Resolve } from './dns-answers.ts'

/** Look-ups of a thread, made by the main one: that is where it is known whether the DNS answers. */
interface Question {
  readonly id: number
  readonly name: string
  readonly type: RecordType
}
type Answer = { readonly id: number } & ({ readonly records: unknown } | { readonly code: string })

/** In the thread. Closes nothing. */
export function asking(port: MessagePort): Resolve {
  const waiting = new Map<number, (answer: Answer) => void>()
  let asked = 0
  port.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  return (name, type) =>
    new Promise((resolve, reject) => {
      asked += 1
      waiting.set(asked, (answer) => ('records' in answer ? resolve(answer.records) : reject(failure(answer.code))))
      port.postMessage({ id: asked, name, type } satisfies Question)
    })
}

/** More than what SPF (RFC 7208 section 4.6.4), ten signatures and a walk up the tree can want. */
const QUESTIONS_LIMIT = 100

/** In the main thread. After `over` and past the limit every question is answered with a failure. */
export function answering(port: MessagePort, resolve: Resolve, over: AbortSignal): void {
  let asked = 0
  port.on('message', async ({ id, name, type }: Question) => {
    asked += 1
    const isAllowed = asked <= QUESTIONS_LIMIT && RECORD_TYPES.includes(type)
    const answer = isAllowed ? await answerTo(resolve(String(name), type), over) : { code: 'ECANCELLED' }
    port.postMessage({ id, ...answer })
  })
}

type Said = { readonly records: unknown } | { readonly code: string }

function answerTo(look: Promise<unknown>, over: AbortSignal): Promise<Said> {
  return new Promise((resolve) => {
    const giveUp = (): void => resolve({ code: 'ETIMEOUT' })
    if (over.aborted) giveUp()
    over.addEventListener('abort', giveUp)
    look
      .then(
        (records) => resolve({ records }),
        (error: unknown) => resolve({ code: codeOf(error) }),
      )
      .finally(() => over.removeEventListener('abort', giveUp))
  })
}
