/**
 * A fault at the n-th call of one function of a port. The port is a real one: what fails is the call, before it takes
 * effect or after (its effect happened, its answer was lost).
 */
import { type ErrorCode, MailchuteError } from '../../src/errors.ts'

export type Moment = 'before' | 'after'

export interface Faults {
  /** The n-th call from now on of this function, as `messages.findWaiting`, fails. */
  arm(label: string, nth: number, moment: Moment): void
  /** Nothing fails (any more). Returns whether something has. */
  disarm(): boolean
  /** All functions that were ever called. */
  labels(): readonly string[]
  /** The same object, deep; its functions and those of what it holds are counted. */
  guard<T extends object>(port: T, settings: Guard): T
  call<T>(label: string, settings: Guard, act: () => T): T
}

export interface Guard {
  readonly code: ErrorCode
  /** Undoes what the loss of the answer itself would undo: a lock, a connection. */
  readonly onLost?: (result: unknown) => Promise<void>
  /** Of the functions, which give an async iterable. */
  readonly isStream?: (label: string) => boolean
  /** Not counted: no call that could fail. */
  readonly except?: readonly (string | symbol)[]
}

export function createFaults(): Faults {
  const labels = new Set<string>()
  let armed: { readonly label: string; left: number; readonly moment: Moment } | null = null
  let hasStruck = false

  const strikes = (label: string): Moment | null => {
    labels.add(label)
    if (armed?.label !== label) return null
    armed.left -= 1
    if (armed.left > 0) return null
    const { moment } = armed
    armed = null
    hasStruck = true
    return moment
  }
  const call = <T>(label: string, settings: Guard, act: () => T): T => {
    const moment = strikes(label)
    if (moment === null) return act()
    const error = new MailchuteError(settings.code, `made to fail ${moment} ${label}`)
    if (moment === 'before') return (settings.isStream?.(label) ? failing(error) : Promise.reject(error)) as T
    return lost(act(), error, settings) as T
  }
  const guard = <T extends object>(port: T, settings: Guard, path = ''): T =>
    new Proxy(port, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key)
        if (settings.except?.includes(key)) return typeof value === 'function' ? value.bind(target) : value
        const label = `${path}${String(key)}`
        if (typeof value === 'object' && value !== null) return guard(value, settings, `${label}.`)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => call(label, settings, () => Reflect.apply(value, target, args))
      },
    })
  return {
    arm: (label, nth, moment) => {
      armed = { label, left: nth, moment }
      hasStruck = false
    },
    disarm: () => {
      armed = null
      return hasStruck
    },
    labels: () => [...labels],
    guard: (port, settings) => guard(port, settings),
    call,
  }
}

const failing = (error: Error): AsyncIterable<never> => ({
  [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }),
})

function lost(result: unknown, error: Error, { onLost }: Guard): unknown {
  if (isIterable(result)) return cutOff(result, error)
  return Promise.resolve(result).then(async (answer) => {
    await onLost?.(answer)
    throw error
  })
}

const isIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

async function* cutOff(source: AsyncIterable<unknown>, error: Error): AsyncGenerator<unknown> {
  for await (const piece of source) {
    yield piece
    throw error
  }
}
