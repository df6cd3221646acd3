/** An EventTarget whose events are known by their types. */
export interface TypedTarget<Details> extends Omit<EventTarget, 'addEventListener' | 'removeEventListener'> {
  addEventListener<Type extends keyof Details & string>(
    type: Type,
    listener: (event: CustomEvent<Details[Type]>) => void,
    options?: AddEventListenerOptions | boolean,
  ): void
  removeEventListener<Type extends keyof Details & string>(
    type: Type,
    listener: (event: CustomEvent<Details[Type]>) => void,
    options?: EventListenerOptions | boolean,
  ): void
}

/** Its base class: types alone, nothing at run time. */
export function typedTarget<Details>(): new () => TypedTarget<Details> {
  return EventTarget as new () => TypedTarget<Details>
}
