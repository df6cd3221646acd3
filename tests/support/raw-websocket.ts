import { type RawAnswer, RawConnection, requestBytes } from './raw-connection.js'

export const frameOf = {
  text: 0x1,
  binary: 0x2,
  continuation: 0x0,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const

export interface ClientFrame {
  readonly opcode: number
  readonly payload?: string | Uint8Array
  readonly isFinal?: boolean
  readonly isMasked?: boolean
  /** The three reserved bits, 0 to 7. */
  readonly reserved?: number
  /** What the frame says of its length, when that is not so. */
  readonly announcedBytes?: number
}

export interface ServerFrame {
  readonly opcode: number
  readonly payload: Buffer
}

const mask = Buffer.from([0x12, 0x34, 0x56, 0x78])

/** The frame's bytes, right or wrong. @see RFC 6455 §5.2 */
export function frameBytes(frame: ClientFrame): Buffer {
  const { opcode, payload = '', isFinal = true, isMasked = true, reserved = 0 } = frame
  const bytes = Buffer.from(typeof payload === 'string' ? Buffer.from(payload) : payload)
  const announced = frame.announcedBytes ?? bytes.byteLength
  const head = Buffer.alloc(announced < 126 ? 2 : announced < 65_536 ? 4 : 10)
  head[0] = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode
  head[1] = (isMasked ? 0x80 : 0) | (announced < 126 ? announced : announced < 65_536 ? 126 : 127)
  if (head.byteLength === 4) head.writeUInt16BE(announced, 2)
  if (head.byteLength === 10) head.writeBigUInt64BE(BigInt(announced), 2)
  if (!isMasked) return Buffer.concat([head, bytes])
  for (let index = 0; index < bytes.byteLength; index++) {
    bytes[index] = (bytes[index] as number) ^ (mask[index % 4] as number)
  }
  return Buffer.concat([head, mask, bytes])
}

export const upgradeHeaders = {
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  'sec-websocket-version': '13',
} as const

/** A WebSocket client without a conscience: sends any frame, and sees every frame that comes. */
export class RawWebSocket {
  readonly connection: RawConnection
  readonly handshake: RawAnswer

  private constructor(connection: RawConnection, handshake: RawAnswer) {
    this.connection = connection
    this.handshake = handshake
  }

  static async open(
    url: string,
    target: string,
    options: { readonly subprotocol?: string; readonly early?: Uint8Array } = {},
  ): Promise<RawWebSocket> {
    const connection = await RawConnection.open(url)
    const headers = {
      ...upgradeHeaders,
      ...(options.subprotocol && { 'sec-websocket-protocol': options.subprotocol }),
    }
    // In one write, as a client does that does not wait for the answer.
    connection.send(Buffer.concat([requestBytes(url, { target, headers }), options.early ?? Buffer.alloc(0)]))
    const handshake = await connection.answer()
    if (handshake.status !== 101) throw new Error(`No WebSocket: ${handshake.status} ${handshake.body}`)
    return new RawWebSocket(connection, handshake)
  }

  send(...frames: readonly ClientFrame[]): void {
    this.connection.send(Buffer.concat(frames.map(frameBytes)))
  }

  /** The next frame, of any kind. */
  async next(): Promise<ServerFrame> {
    const head = await this.connection.take(2)
    const short = (head[1] as number) & 0x7f
    let length = short
    if (short === 126) length = (await this.connection.take(2)).readUInt16BE()
    if (short === 127) length = Number((await this.connection.take(8)).readBigUInt64BE())
    return { opcode: (head[0] as number) & 0x0f, payload: await this.connection.take(length) }
  }

  /** The frames up to the close frame, and what that says. */
  async untilClose(): Promise<{ frames: ServerFrame[]; code: number | undefined; reason: string }> {
    const frames: ServerFrame[] = []
    for (;;) {
      const frame = await this.next()
      if (frame.opcode === frameOf.close) {
        const code = frame.payload.byteLength >= 2 ? frame.payload.readUInt16BE() : undefined
        return { frames, code, reason: frame.payload.subarray(2).toString() }
      }
      frames.push(frame)
    }
  }

  /** The next text frame's envelope of this type; those before it are dropped. */
  async envelope(type: string): Promise<Record<string, unknown>> {
    for (;;) {
      const { opcode, payload } = await this.next()
      if (opcode === frameOf.close) throw new Error(`Closed: ${payload.subarray(2)}`)
      if (opcode !== frameOf.text) continue
      const envelope = JSON.parse(payload.toString()) as Record<string, unknown>
      if (envelope.type === type) return envelope
    }
  }

  destroy(): void {
    this.connection.destroy()
  }
}

export function closePayload(code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason))
  payload.writeUInt16BE(code)
  payload.write(reason, 2)
  return payload
}
