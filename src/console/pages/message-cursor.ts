/** A place in a list of messages, as it stands in an address. */
import { z } from 'zod'
import type { MessageCursor } from '../../store/browse/messages.ts'
import { text } from './list.ts'

export const cursor = text.pipe(
  z
    .string()
    .regex(/^\d{1,17}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    .optional(),
)

export function cursorOf(before: string | undefined): MessageCursor | null {
  const [receivedMicroseconds, id] = before?.split('_') ?? []
  return receivedMicroseconds === undefined || id === undefined ? null : { receivedMicroseconds, id }
}

export const cursorText = ({ receivedMicroseconds, id }: MessageCursor): string => `${receivedMicroseconds}_${id}`
