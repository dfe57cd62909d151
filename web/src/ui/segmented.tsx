/** A row of buttons of which one is chosen. */

interface SegmentedProps<Choice extends string> {
  label: string
  choices: readonly Choice[]
  chosen: Choice | null
  onChoose: (choice: Choice) => void
  /** Each button gets `<testId>-<choice>`. */
  testId: string
  /** What a choice is called, where that is not its name. */
  name?: (choice: Choice) => string
}

export function Segmented<Choice extends string>(props: SegmentedProps<Choice>) {
  const { label, choices, chosen, onChoose, testId, name } = props
  return (
    <fieldset class="segmented" aria-label={label}>
      {choices.map(choice => (
        <button
          key={choice}
          type="button"
          aria-pressed={choice === chosen}
          data-testid={`${testId}-${choice}`}
          onClick={() => onChoose(choice)}
        >
          {name ? name(choice) : choice}
        </button>
      ))}
    </fieldset>
  )
}
