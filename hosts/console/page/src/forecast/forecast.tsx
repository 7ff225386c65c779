/** The rounds of a roll-out before it starts. */
export function Forecast() {
  return <p class="empty">Forecast</p>;
}
