/**
 * Tells whoever is set of what happened: derives deliveries from the events, and sends those that are due.
 *
 * Guarantees: each event that a webhook asks for is delivered at least once while it is set, or its row in the outbox
 * says why not; a receiver with trouble does not stop the others; what fails is tried again with back-off for three days.
 * Not guaranteed: order, and that a receiver is told once. Who dies between its 2xx and our commit sends it again, with
 * the same webhook-id.
 */
import { createHash } from 'node:crypto'
import pLimit from 'p-limit'
import type { WebhookConfig } from '../../config.ts'
import { asMailchuteError, type MailchuteError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Store } from '../../store/store.ts'
import type { Delivery, Subscription } from '../../store/webhook-deliveries.ts'
import { createSettled } from '../../upkeep/settled.ts'
import { nextAttemptAt, pauseSeconds } from '../back-off.ts'
import { payloadOf } from './payload.ts'
import { type PostOptions, post } from './post.ts'
import { signedHeaders, webhookId } from './sign.ts'

export interface DeliverDeps {
  readonly store: Pick<Store, 'webhooks' | 'audit'>
  readonly log: Log
  readonly webhooks: readonly WebhookConfig[]
  readonly now: () => Date
  readonly random: () => number
  readonly post?: PostOptions
}

export interface Deliverer {
  /** Writes what is to go out of the events that are settled. */
  fanOut(stopping: AbortSignal): Promise<void>
  /**
   * Resolves when nothing is due any more that could be sent now. A receiver that an earlier call is still at is left to
   * that one: whoever calls again meanwhile serves the others. Rejects only if the store is not well.
   */
  sendDue(stopping: AbortSignal, cut: AbortSignal): Promise<void>
}

export const TOO_OLD_SECONDS = 3 * 24 * 60 * 60
/** Looks through all that is due. */
const EXPIRE_SECONDS = 60
/** Far longer than an attempt can take. */
const LEASE_SECONDS = 5 * 60
const PATIENCE_MILLISECONDS = 1_000
const EVENTS_AT_ONCE = 5_000
const AT_ONCE = 4
/** So many in a row are no accident of one message: the receiver is not well. */
const TROUBLE_LIMIT = 3

/** What is learned of a receiver while this process runs. */
interface Standing {
  failures: number
  inARow: number
  notBefore: Date
  isBeingServed: boolean
}

interface Receiver {
  readonly webhook: WebhookConfig
  readonly subscription: Subscription
  readonly standing: Standing
}

export function createDeliverer(deps: DeliverDeps): Deliverer {
  const settled = createSettled(deps.store.audit)
  const receivers = deps.webhooks.map((webhook) => ({
    webhook,
    subscription: subscriptionOf(webhook),
    standing: { failures: 0, inARow: 0, notBefore: new Date(0), isBeingServed: false },
  }))
  const subscriptions = receivers.map(({ subscription }) => subscription)
  let isEnsured = false
  let expireAt = new Date(0)
  return {
    fanOut: async (stopping) => {
      if (!isEnsured) await deps.store.webhooks.ensure(subscriptions)
      isEnsured = true
      const lowest = await deps.store.webhooks.lowest(subscriptions)
      const upTo = lowest === null ? null : await settled(lowest, stopping, PATIENCE_MILLISECONDS)
      if (lowest === null || upTo === null || upTo <= lowest) return
      for (const subscription of subscriptions) await fanOutTo(deps, subscription, upTo, stopping)
    },
    sendDue: async (stopping, cut) => {
      if (deps.now() >= expireAt) {
        expireAt = new Date(deps.now().getTime() + EXPIRE_SECONDS * 1000)
        await expire(deps)
      }
      const due = await deps.store.webhooks.due(subscriptions.map(({ name }) => name))
      const asked = receivers.filter(({ webhook, standing }) => due.includes(webhook.name) && !standing.isBeingServed)
      const settledAll = await Promise.allSettled(asked.map((each) => serve(deps, each, stopping, cut)))
      const failed = settledAll.find((each) => each.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
  }
}

async function expire({ store, log }: DeliverDeps): Promise<void> {
  const messages = await store.webhooks.expire(TOO_OLD_SECONDS)
  if (messages > 0) log.event('webhook.skipped', { reason: 'outbound/stale', messages })
}

const subscriptionOf = ({ name, events, url }: WebhookConfig): Subscription => ({
  name,
  events,
  urlSha256: createHash('sha256').update(url).digest('hex'),
})

async function fanOutTo(
  { store }: DeliverDeps,
  subscription: Subscription,
  upTo: bigint,
  stopping: AbortSignal,
): Promise<void> {
  let looked = EVENTS_AT_ONCE
  while (looked === EVENTS_AT_ONCE && !stopping.aborted) {
    looked = await store.webhooks.fanOut(subscription, upTo, EVENTS_AT_ONCE)
  }
}

async function serve(deps: DeliverDeps, receiver: Receiver, stopping: AbortSignal, cut: AbortSignal): Promise<void> {
  const { standing } = receiver
  standing.isBeingServed = true
  await sendTo(deps, receiver, stopping, cut).finally(() => {
    standing.isBeingServed = false
  })
}

async function sendTo(deps: DeliverDeps, receiver: Receiver, stopping: AbortSignal, cut: AbortSignal): Promise<void> {
  const { webhook, subscription, standing } = receiver
  if (standing.notBefore > deps.now()) return
  if (await deps.store.webhooks.isDisabled(subscription)) return await skipAll(deps, subscription)
  standing.inARow = 0
  const limit = pLimit(AT_ONCE)
  const lines = Array.from({ length: AT_ONCE }, () => limit(() => sendInTurn(deps, receiver, stopping, cut)))
  const ends = await Promise.allSettled(lines)
  const failed = ends.find((each) => each.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  if (isWell(standing)) return
  standing.failures += 1
  const pause = nextAttemptAt(standing.failures, deps.now(), deps.random())
  if (pause > standing.notBefore) standing.notBefore = pause
  deps.log.event('webhook.failed', { webhook: webhook.name, reason: 'back-off', failures: standing.failures })
}

const isWell = ({ inARow }: Standing): boolean => inARow < TROUBLE_LIMIT

async function skipAll({ store, log }: DeliverDeps, { name }: Subscription): Promise<void> {
  const messages = await store.webhooks.skipDue(name, 'webhook/gone')
  if (messages > 0) log.event('webhook.skipped', { webhook: name, reason: 'webhook/gone', messages })
}

async function sendInTurn(
  deps: DeliverDeps,
  receiver: Receiver,
  stopping: AbortSignal,
  cut: AbortSignal,
): Promise<void> {
  const { subscription, standing } = receiver
  while (!stopping.aborted && isWell(standing)) {
    const delivery = await deps.store.webhooks.claim(subscription, LEASE_SECONDS)
    if (delivery === null) return
    await attempt(deps, receiver, delivery, cut)
  }
}

/** Only the store's troubles are thrown. */
async function attempt(deps: DeliverDeps, receiver: Receiver, delivery: Delivery, cut: AbortSignal): Promise<void> {
  const { store, log, now } = deps
  const { webhook, standing } = receiver
  const fields = { webhook: webhook.name, outboxId: delivery.id, type: delivery.type, attempts: delivery.attempts }
  const body = payloadOf(delivery, webhook)
  const headers = { ...HEADERS, ...signedHeaders(webhook.secrets, webhookId(delivery), body, now()) }
  try {
    await post({ ...webhook, headers, body }, cut, deps.post)
  } catch (thrown) {
    await failed(deps, receiver, delivery, asMailchuteError(thrown), fields)
    return
  }
  await store.webhooks.sent(delivery)
  log.event('webhook.sent', fields)
  Object.assign(standing, { failures: 0, inARow: 0 })
}

const HEADERS = { 'content-type': 'application/json', 'user-agent': 'Mailchute' } as const

async function failed(
  { store, log, random, now }: DeliverDeps,
  { subscription, standing }: Receiver,
  delivery: Delivery,
  error: MailchuteError,
  fields: Record<string, string | number>,
): Promise<void> {
  if (error.code === 'webhook/gone') {
    await store.webhooks.disable(subscription)
    await store.webhooks.failed(delivery, error.code)
    standing.inARow = TROUBLE_LIMIT
    log.failure('webhook.gone', error, fields)
    return
  }
  const asked = Number(error.context['retryAfterSeconds'] ?? 0)
  const seconds = Math.max(asked, pauseSeconds(delivery.attempts, random()))
  await store.webhooks.retryLater(delivery, error.code, seconds)
  log.failure('webhook.failed', error, fields)
  standing.inARow = asked > 0 ? TROUBLE_LIMIT : standing.inARow + 1
  if (asked > 0) standing.notBefore = new Date(now().getTime() + asked * 1000)
}
