/** Connecting to a cluster and carrying the plan out. */
export function Act() {
  return <p class="empty">Act</p>;
}
