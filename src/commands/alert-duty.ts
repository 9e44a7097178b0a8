/** Once a minute: what became of messages is counted, and whoever is set is told of what needs an operator. */
import { schedule } from 'node-cron'
import { asMailchuteError, MailchuteError } from '../errors.ts'
import { mailAlert } from '../outbound/alerts/mail.ts'
import { type TellDeps, tellAlerts } from '../outbound/alerts/tell.ts'
import { postAlert } from '../outbound/alerts/webhook.ts'
import { wordsOf } from '../outbound/alerts/wording.ts'
import type { Telling } from '../store/alerts.ts'
import { lookForAlerts } from '../upkeep/alerts.ts'
import { countOutcomes } from '../upkeep/tally.ts'
import type { App } from './app.ts'
import type { Duty } from './run.ts'

/** Every process looks at the mailboxes that it knows; each alert is told by one of them. */
export function alertDuty(app: App, signal: AbortSignal): Duty {
  const stopping = new AbortController()
  const either = AbortSignal.any([signal, stopping.signal])
  const deps = tellDepsOf(app)
  let underWay: Promise<void> = Promise.resolve()
  const look = () => {
    underWay = lookAndTell(app, deps, either)
    return underWay
  }
  // After the seals of the same minute: what is sealed is counted.
  const task = schedule('45 * * * * *', look, { noOverlap: true })
  return {
    stop: async () => {
      await task.destroy()
      stopping.abort(new MailchuteError('runtime/shutting-down', 'the process ends'))
      await underWay
    },
  }
}

async function lookAndTell({ store, config, log }: App, deps: TellDeps, signal: AbortSignal): Promise<void> {
  try {
    await countOutcomes(store, signal)
    await lookForAlerts(store, config.mailboxes, config.alerts.pollMinutes, deps.now())
    await tellAlerts(deps, signal)
  } catch (error) {
    if (!signal.aborted) log.failure('alert.not-looked', asMailchuteError(error))
  }
}

function tellDepsOf({ store, log, tokens, config }: App): TellDeps {
  return { store, log, send: senderOf(config, tokens), now: () => new Date(), random: Math.random }
}

function senderOf({ alerts: { tell }, mailboxes, consoleUrl }: App['config'], tokens: App['tokens']): TellDeps['send'] {
  if (tell === null) return async () => undefined
  const words = (telling: Telling) => wordsOf(telling, consoleUrl)
  if (tell.kind === 'webhook') return (telling, signal) => postAlert(tell.url, telling, words(telling), signal)
  const mailbox = mailboxes.find(({ name }) => name === tell.fromMailbox)
  if (!mailbox?.smtp) throw new MailchuteError('config/unknown-mailbox', `no mailbox is named ${tell.fromMailbox}`)
  const mail = { to: tell.to, mailbox, smtp: mailbox.smtp }
  return (telling, signal) => mailAlert(tokens, mail, words(telling), new Date(), signal)
}
