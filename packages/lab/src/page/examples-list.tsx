interface Example {
  readonly title: string
  readonly description: string
  readonly href: string
}

/** Programs to look into; each is started by one command. */
const examples: readonly Example[] = []

export function ExamplesList() {
  if (examples.length === 0) return null
  return (
    <section id="examples" class="examples" aria-labelledby="examples-title">
      <h2 id="examples-title">Examples</h2>
      <ul>
        {examples.map(({ title, description, href }) => (
          <li key={href} class="card">
            <a href={href}>{title}</a>
            <p>{description}</p>
          </li>
        ))}
      </ul>
    </section>
  )
}
