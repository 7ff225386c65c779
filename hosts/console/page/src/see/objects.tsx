/** Every object, desired and live. */
export function Objects() {
  return <p class="empty">Objects</p>;
}
