/** The relationship map. */
export function Map() {
  return <p class="empty">Map</p>;
}
