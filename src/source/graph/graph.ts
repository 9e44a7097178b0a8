/** Microsoft Graph as a session asks it: a few requests at once, patiently, with an answer or one typed error. */
import pLimit from 'p-limit'
import type { z } from 'zod'

import type { Setting } from '../connection.ts'
import { type GraphLimits, REQUESTS_AT_ONCE } from './limits.ts'
import { type About, type ErrorBody, errorBodyOf, isStateLost, NOT_FOUND, refusalOf } from './refusal.ts'
import { BUSY, retryAfterSeconds, Throttle } from './throttle.ts'
import { type Answer, NOT_GRAPH, openWire, type Request, type Send } from './wire.ts'

export interface Ask extends Pick<Request, 'verb' | 'method'> {
  readonly about: About
  /** A path below the mailbox, or a link that the server gave. */
  readonly at: string | URL
  readonly body?: object
  /** Beside the one for immutable ids. */
  readonly prefer?: string
}

export interface Graph {
  /** The answer's JSON, if it has that form. */
  json<T>(ask: Ask, form: z.ZodType<T>): Promise<T>
  /** The answer itself, to be read while the request counts as under way. */
  answer<T>(ask: Ask, use: (answer: Answer) => Promise<T>): Promise<T>
  /** A link that the server gave; it must lead to the server itself, for the token goes along. */
  link(text: string): URL
}

/** The server has forgotten what a delta link stands for; its error for the poll is the cause. */
export class StateLost extends Error {}

/** That one message is not in the mailbox (any more); its error for the poll is the cause. */
export class NotThere extends Error {}

export function graphOf(setting: Setting<GraphLimits>): Graph {
  const send = openWire(setting)
  const lanes = pLimit(REQUESTS_AT_ONCE)
  const throttle = new Throttle(setting)
  const answer: Graph['answer'] = (ask, use) =>
    lanes(async () => {
      const request = requestOf(setting, ask)
      const answer = await patiently(send, throttle, request)
      if (isSuccess(answer.status)) return use(answer).finally(answer.drop)
      throw await refusal(setting, request, ask.about, answer)
    })
  return {
    answer,
    json: (ask, form) => answer(ask, async (given) => parsed(setting, ask, await textOf(setting, ask, given), form)),
    link: (text) => linkWithin(setting, text),
  }
}

const isSuccess = (status: number) => status >= 200 && status < 300

function requestOf({ mailbox }: Setting, { verb, method, at, body, prefer }: Ask): Request {
  const { user, credentials, endpoint } = mailbox
  const token = credentials.kind === 'access-token' ? credentials.token : ''
  return {
    verb,
    method,
    url: at instanceof URL ? at : new URL(`${endpoint}/users/${encodeURIComponent(user)}${at}`),
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      // Of ordinary ids a move makes others. Is asked for with each request, the links of delta included.
      prefer: `IdType="ImmutableId"${prefer === undefined ? '' : `, ${prefer}`}`,
      'user-agent': 'Mailchute',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }
}

async function patiently(send: Send, throttle: Throttle, request: Request): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    await throttle.pass()
    const answer = await send(request)
    if (!BUSY.has(answer.status)) return answer
    if (!throttle.refused(retryAfterSeconds(answer.headers['retry-after'], new Date()), attempt)) return answer
    answer.drop()
  }
}

const ERROR_OCTETS = 64 * 1_024

async function refusal(setting: Setting<GraphLimits>, request: Request, about: About, answer: Answer): Promise<Error> {
  const said = await saidIn(answer)
  const error = refusalOf(setting.failures, request, about, answer, said)
  if (isStateLost(about, answer.status)) return new StateLost(error.message, { cause: error })
  const isGone = about === 'message' && answer.status === 404 && said.codes.includes(NOT_FOUND)
  return isGone ? new NotThere(error.message, { cause: error }) : error
}

/** Nothing, where the body is broken: the status says enough. */
async function saidIn(answer: Answer): Promise<ErrorBody> {
  let text = ''
  await answer
    .read((octets) => {
      if (text.length > ERROR_OCTETS) throw new Error('too long')
      text += octets.toString('latin1')
      return undefined
    })
    .catch(() => answer.drop())
  return errorBodyOf(text)
}

async function textOf({ limits, failures }: Setting<GraphLimits>, { verb }: Ask, answer: Answer): Promise<string> {
  const pieces: Buffer[] = []
  let sizeBytes = 0
  await answer.read((octets) => {
    sizeBytes += octets.length
    if (sizeBytes > limits.jsonOctets) {
      throw failures.failure('source/protocol-violation', 'the answer has no end', { verb, hint: NOT_GRAPH })
    }
    pieces.push(octets)
    return undefined
  })
  return Buffer.concat(pieces, sizeBytes).toString('utf8')
}

function parsed<T>({ failures }: Setting, { verb }: Ask, text: string, form: z.ZodType<T>): T {
  try {
    return form.parse(JSON.parse(text))
  } catch {
    // Without the cause: it quotes the answer.
    throw failures.failure('source/protocol-violation', 'the answer has not the form of Graph', {
      verb,
      hint: NOT_GRAPH,
    })
  }
}

function linkWithin({ mailbox, failures }: Setting, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  const isOwn = url?.origin === new URL(mailbox.endpoint ?? '').origin && url.username === '' && url.password === ''
  if (url !== null && isOwn) return url
  const message = 'a link of its answer leads to another server; it was not followed'
  throw failures.failure('source/protocol-violation', message, { verb: 'list', hint: NOT_GRAPH })
}
