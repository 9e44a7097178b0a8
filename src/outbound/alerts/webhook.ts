import { MailchuteError } from '../../errors.ts'
import type { Telling } from '../../store/alerts.ts'
import type { Words } from './wording.ts'

const TIMEOUT_MILLISECONDS = 10_000

/**
 * One POST of JSON with a `text`, as chats take it. Resolves once it was accepted (2xx); else rejects with
 * `outbound/alert-refused`, which never names the URL: who knows that of a chat may write there.
 */
export async function postAlert(url: string, telling: Telling, { text }: Words, signal: AbortSignal): Promise<void> {
  const { code, subject, what, detail, beganAt, endedAt } = telling
  const alert = { code, subject, state: what, beganAt, endedAt, detail }
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text, alert }),
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MILLISECONDS)]),
  }).catch((cause: unknown) => {
    throw new MailchuteError('outbound/alert-refused', `the webhook cannot be reached (${reasonOf(cause)})`, { cause })
  })
  await answer.body?.cancel()
  if (answer.ok) return
  throw new MailchuteError('outbound/alert-refused', `the webhook answered ${answer.status}`)
}

function reasonOf(thrown: unknown): string {
  const { name, cause } = thrown as Error & { cause?: NodeJS.ErrnoException }
  return cause?.code ?? name
}
