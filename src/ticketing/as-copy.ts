import { MailchuteError } from '../errors.ts'
import type { Waiting } from '../store/messages.ts'
import type { Store } from '../store/store.ts'
import type { Outcome } from './outcome.ts'
import { COPY, DOUBTFUL, recognise } from './recognise.ts'

/**
 * A copy of a mail that came from another source leaves for no ticket; null: it is none. One that was received earlier
 * and still waits is worked `first`, where that is given; if it goes on waiting it will have the mail's one effect.
 */
export async function asCopy(
  store: Store,
  waiting: Waiting,
  first?: (inboundMessageId: string) => Promise<void>,
): Promise<Outcome | null> {
  let recognised = await recognise(store, waiting)
  if (recognised.kind === 'wait' && first !== undefined) {
    await first(recognised.of)
    recognised = await recognise(store, waiting)
  }
  if (recognised.kind === 'another') return null
  const { id } = waiting
  const duplicateOf = recognised.of
  if (recognised.kind === 'doubtful') {
    throw new MailchuteError(DOUBTFUL, 'it resembles a message that came from another source', {
      context: { duplicateOf },
    })
  }
  const suppressed = await store.messages.suppress(id, COPY, { duplicateOf })
  return suppressed ? { state: 'suppressed', reason: COPY, duplicateOf } : { state: 'nothing-to-do' }
}
