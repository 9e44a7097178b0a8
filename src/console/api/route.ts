/** What a route of the API is: described once, for whoever calls it and for the document that tells of it. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { didYouMean, nearest } from '../../config/problem.ts'
import { MailchuteError } from '../../errors.ts'
import type { Act } from '../../store/act.ts'
import type { Attachments } from '../attachments.ts'
import type { Sanitising } from '../sanitising/sanitising.ts'
import type { ConsoleDeps } from '../server.ts'

export interface ApiDeps extends ConsoleDeps {
  readonly sanitising: Sanitising
  readonly attachments: Attachments
}

/** What an answer is: JSON of this shape, or octets of this media type. */
export type Answer = z.ZodType | string

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH'
  /** As OpenAPI writes it: `/messages/{id}`. */
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly params: z.ZodObject
  readonly query: z.ZodObject
  readonly body: z.ZodObject | null
  readonly status: number
  readonly answer: Answer
  /** Besides those that any request may meet. */
  readonly problems: readonly number[]
  handle(request: FastifyRequest, reply: FastifyReply, deps: ApiDeps): Promise<unknown>
}

export interface Asked<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  /** Who acts, with the note that came along. */
  readonly by: Act
  readonly reply: FastifyReply
}

type Description<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject, A extends Answer> = Pick<
  Route,
  'method' | 'path' | 'operationId' | 'summary'
> & {
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly status?: number
  readonly answer: A
  readonly problems?: readonly number[]
  readonly handle: (
    deps: ApiDeps,
    asked: Asked<z.output<P>, z.output<Q>, z.output<B>>,
  ) => Promise<A extends z.ZodType ? z.input<A> : FastifyReply>
}

export type Nothing = z.ZodObject<Record<never, never>>
const NOTHING = z.object({})

export function route<
  A extends Answer,
  P extends z.ZodObject = Nothing,
  Q extends z.ZodObject = Nothing,
  B extends z.ZodObject = Nothing,
>(description: Description<P, Q, B, A>): Route {
  const { params, query, body, answer, status = 200, problems = [] } = description
  return {
    ...description,
    params: params ?? NOTHING,
    query: query ?? NOTHING,
    body: body ?? null,
    status,
    problems,
    handle: async (request, reply, deps) => {
      const asked = {
        params: read(params ?? NOTHING, request.params, 'path') as z.output<P>,
        query: read(query ?? NOTHING, request.query, 'parameter') as z.output<Q>,
        body: read(body ?? NOTHING, request.body ?? {}, 'field') as z.output<B>,
        by: byOf(request),
        reply,
      }
      const told = await description.handle(deps, asked)
      reply.code(status)
      return typeof answer === 'string' ? told : answer.parse(told)
    },
  }
}

function byOf({ actor, body }: FastifyRequest): Act {
  const note: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'note') : undefined
  return { actor: actor?.name ?? '', ...(typeof note === 'string' && note !== '' ? { note } : {}) }
}

function read(shape: z.ZodObject, given: unknown, what: string): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw invalid('the body is no JSON object')
  const known = Object.keys(shape.shape)
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown !== undefined) throw invalid(`there is no ${what} '${unknown.slice(0, 50)}'`, hintFor(unknown, known))
  const parsed = shape.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw invalid(`the ${what} '${issue?.path.join('.') ?? ''}' is not understood: ${issue?.message ?? ''}`)
}

function hintFor(unknown: string, known: readonly string[]): string {
  if (known.length === 0) return 'there are none here'
  const name = unknown.slice(0, 50)
  return didYouMean(name, known) ?? `the nearest there is: ${nearest(name, known) ?? ''}`
}

function invalid(message: string, hint?: string): MailchuteError {
  return new MailchuteError('console/request-invalid', message, hint === undefined ? {} : { hint })
}

export const noSuchPage = (): MailchuteError => invalid('the cursor is not one that was told')

export const notFound = (what: string): MailchuteError =>
  new MailchuteError('console/not-found', `there is no such ${what}`)

export const notPossible = (why: string): MailchuteError => new MailchuteError('console/not-possible', why)
