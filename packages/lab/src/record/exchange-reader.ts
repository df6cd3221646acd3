import { header, type TraceEvent } from '@tidings/protocol'
import {
  countMessages,
  fieldOf,
  isControl,
  lastChunkLabel,
  opcode,
  type Piece,
  RequestReader,
  ResponseReader,
  textOf,
  unreadableLabel,
  type WireUnit,
} from '../wire/index.js'
import { blockLabel, bodyLabel, frameLabel, requestLabel, responseLabel } from './arrow-labels.js'
import type { AskJoin } from './join.js'
import type { LaneRecord } from './lane-record.js'
import { PlaceInStream } from './place-in-stream.js'
import type { TimedArrow } from './timed-arrow.js'
import type { ArrowKind, ExchangeRecord } from './types.js'

type Unit<Kind extends WireUnit['kind']> = Extract<WireUnit, { kind: Kind }>
type Traced = Extract<TraceEvent, { kind: 'request' | 'up' | 'down' }>

/** What an exchange is for is known when its head is whole. */
export interface GrowingExchange extends Omit<ExchangeRecord, 'purpose'> {
  purpose: ExchangeRecord['purpose']
}

interface ArrowContent {
  readonly kind: ArrowKind
  readonly label: string
  readonly messages?: number
  readonly isEmpty?: boolean
}

/** Makes arrows of one exchange's bytes, and joins them with what the page saw. */
export class ExchangeReader {
  readonly record: GrowingExchange
  readonly #lane: LaneRecord
  readonly #request = new RequestReader()
  readonly #response = new ResponseReader()
  #place = new PlaceInStream(undefined)
  /** Bytes of the stream were not told since its last event. */
  #hasGap = false
  /** The stream's events are one per message, as far as they were told. */
  #isOneByOne = true
  #arrows = 0

  constructor(lane: LaneRecord, record: GrowingExchange) {
    this.#lane = lane
    this.record = record
  }

  get #join(): AskJoin {
    return this.#lane.joinOf(this.record.ask)
  }

  take(event: Traced): void {
    const piece: Piece = {
      bytes: event.bytes,
      missing: Math.max(0, event.byteLength - event.bytes.length),
      atMs: event.atMs,
    }
    if (event.kind === 'down') {
      this.record.answerAtMs ??= event.atMs
      this.#takeUnits(this.#response.take(piece), 'server')
    } else this.#takeUnits(this.#request.take(piece), 'client')
  }

  /** The answer is complete, or its connection lost. */
  end(atMs: number): void {
    if (this.record.endedAtMs !== undefined) return
    this.record.endedAtMs = atMs
    this.#takeUnits(this.#request.end(), 'client')
    this.#takeUnits(this.#response.end(), 'server')
  }

  #takeUnits(units: readonly WireUnit[], from: 'client' | 'server'): void {
    for (const unit of units) this.#takeUnit(unit, from)
  }

  #takeUnit(unit: WireUnit, from: 'client' | 'server'): void {
    if (unit.kind === 'request') this.#takeRequest(unit)
    else if (unit.kind === 'response') this.#takeResponse(unit)
    else if (unit.kind === 'block') this.#takeBlock(unit)
    else if (unit.kind === 'frame') this.#takeFrame(unit, from)
    else if (unit.kind === 'last chunk') {
      this.#draw(unit, from, { kind: 'response', label: lastChunkLabel, isEmpty: true })
    } else this.#takeUnreadable(unit, from)
  }

  #takeRequest(unit: Unit<'request'>): void {
    const { head, body } = unit
    this.#response.method = head.method
    this.record.purpose = head.method === 'POST' ? 'speak' : 'hear'
    const query = new URLSearchParams(head.target.split('?', 2)[1] ?? '')
    this.#place = new PlaceInStream(fieldOf(head, 'last-event-id') ?? query.get('offset'))
    const isUpgrade = fieldOf(head, 'upgrade') !== undefined
    const label = bodyLabel(requestLabel(head, isUpgrade ? 'websocket' : 'whole'), body)
    const messages = head.method === 'POST' ? countMessages(textOf(body.payload)) : 0
    this.#join.asked.addArrow(this.#draw(unit, 'client', { kind: 'request', label, messages }), this.record)
  }

  #takeResponse(unit: Unit<'response'>): void {
    const { head, form } = unit
    if (form === 'interim') {
      this.#draw(unit, 'server', { kind: 'response', label: responseLabel(head, form, undefined) })
      return
    }
    this.record.status = head.status
    this.record.form = form
    const isRead = form === 'whole' && this.#response.method === 'GET' && head.status < 400
    const messages = isRead ? this.#messagesOf(unit) : undefined
    const isEmpty = messages === 0 && unit.isComplete
    if (isEmpty) this.#lane.totals.emptyAnswers += 1
    const label = responseLabel(head, form, messages)
    const arrow = this.#draw(unit, 'server', { kind: 'response', label, messages: messages ?? 0, isEmpty })
    this.#join.answered.addArrow(arrow, this.record)
  }

  /** Where the body can not be read to its end, the offsets say how many messages it has. */
  #messagesOf({ head, body }: Unit<'response'>): number {
    if (body.byteLength === 0) return 0
    const between = this.#place.goTo(fieldOf(head, header.nextOffset))
    const isCoded = fieldOf(head, 'content-encoding') !== undefined
    if (isCoded) return between ?? 1
    const isCut = body.payload.length < body.byteLength
    if (isCut && between !== undefined) return between
    return countMessages(textOf(body.payload))
  }

  #takeBlock(unit: Unit<'block'>): void {
    const { block, isCut, isComplete } = unit
    const isMessage = isComplete && block.data !== undefined && block.type !== 'control'
    const between = this.#place.goTo(block.id)
    const told = isMessage ? messagesOfBlock(block.type, block.data ?? '') : 0
    const messages = isMessage && isCut && between !== undefined && !this.#hasGap ? between : told
    const kind = block.comments > 0 && !block.hasFields ? 'comment' : 'event'
    const label = blockLabel(block)
    const arrow = this.#draw(unit, 'server', { kind, label, messages, isEmpty: messages === 0 })
    if (isMessage) this.#isOneByOne = block.type === 'message'
    if (between !== undefined || isMessage) this.#catchUp(between, messages)
    if (messages > 0) this.#join.heard.addArrow(arrow, this.record)
    if (isCut || !isComplete) this.#hasGap = true
  }

  /** Events that were not told were heard as well: the next one heard may not be the next one told. */
  #catchUp(between: number | undefined, messages: number): void {
    if (!this.#hasGap) return
    this.#hasGap = false
    const hidden = between === undefined ? undefined : between - messages
    if (hidden === 0) return
    if (hidden === undefined || hidden < 0 || !this.#isOneByOne) {
      this.#join.heard.lose()
      return
    }
    for (let count = 0; count < hidden; count += 1) this.#join.heard.addArrow(undefined, this.record)
  }

  #takeFrame(unit: Unit<'frame'>, from: 'client' | 'server'): void {
    const { header: frame, isComplete, stretch } = unit
    const label = frameLabel(frame, stretch.bytes)
    if (isControl(frame)) {
      const isEmpty = frame.opcode !== opcode.close
      this.#draw(unit, from, { kind: 'frame', label, isEmpty })
      return
    }
    const begins = frame.opcode !== opcode.continuation
    const messages = frame.isFinal && isComplete ? 1 : 0
    const arrow = this.#draw(unit, from, { kind: 'frame', label, messages })
    // A message is sent with its first frame, and heard with its last.
    if (from === 'client' && begins) this.#join.said.addArrow(arrow, this.record)
    if (from === 'server' && messages === 1) this.#join.heard.addArrow(arrow, this.record)
  }

  #takeUnreadable(unit: Unit<'unreadable'>, from: 'client' | 'server'): void {
    const kind = this.record.form === 'websocket' ? 'frame' : from === 'client' ? 'request' : 'response'
    this.#draw(unit, from, { kind, label: unreadableLabel })
    if (this.record.form === 'websocket') (from === 'client' ? this.#join.said : this.#join.heard).lose()
    this.#hasGap = true
  }

  #draw({ stretch }: WireUnit, from: 'client' | 'server', content: ArrowContent): TimedArrow {
    const { bytes, byteLength, chunkMarks, firstAtMs } = stretch
    this.#arrows += 1
    const arrow: TimedArrow = {
      id: `${this.record.id}.${this.#arrows}`,
      lane: this.#lane.way,
      exchange: this.record.id,
      from,
      kind: content.kind,
      label: content.label,
      messages: content.messages ?? 0,
      isEmpty: content.isEmpty ?? false,
      bytes,
      byteLength,
      ...(chunkMarks.length > 0 && content.kind !== 'request' && { chunkMarks }),
      serverAtMs: firstAtMs,
      pageAtMs: undefined,
      sentAtMs: firstAtMs,
      receivedAtMs: firstAtMs,
      isGuessed: true,
    }
    this.#lane.addArrow(arrow)
    return arrow
  }
}

function messagesOfBlock(type: string, data: string): number {
  return type === 'data' ? countMessages(data) : 1
}
