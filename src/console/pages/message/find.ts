import type { FastifyRequest } from 'fastify'
import { MailchuteError } from '../../../errors.ts'
import { storableText } from '../../../message/storable-text.ts'
import type { WholeMessage } from '../../../store/browse/message.ts'
import type { Store } from '../../../store/store.ts'

const FULL_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
export const isMessageId = (id: string): boolean => FULL_ID.test(id)

/** The message that the address of a request names. Rejects with `console/not-found`. */
export async function find(store: Store, request: Pick<FastifyRequest, 'params'>): Promise<WholeMessage> {
  const id = parameter(request, 'id')
  const message = isMessageId(id) ? await store.browse.message(id) : null
  if (message === null) throw new MailchuteError('console/not-found', 'there is no such message')
  return message
}

const PARAMETER_CHARS = 300

/** Empty where there is none. */
export function parameter({ params }: Pick<FastifyRequest, 'params'>, name: string): string {
  const value: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, name) : ''
  return typeof value === 'string' ? storableText(value, PARAMETER_CHARS) : ''
}
