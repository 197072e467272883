# Ends the process groups it was told of when its host is gone.
#
# Its arguments are the groups there are already. The host writes `watch GROUP` and `forget GROUP`;
# that it is gone shows in the end of the input, however it died.
trap '' HUP INT QUIT TERM
groups=$*
while read -r word group; do
  case $word in
    watch) groups="$groups $group" ;;
    forget)
      kept=
      for each in $groups; do [ "$each" = "$group" ] || kept="$kept $each"; done
      groups=$kept ;;
  esac
done

# A group that cannot be signalled any more is gone, and its number may soon be another's.
signal() {
  left=
  for each in $groups; do kill -s "$1" -- "-$each" 2>/dev/null && left="$left $each"; done
  groups=$left
}

signal TERM
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  [ -n "$groups" ] || exit 0
  sleep 0.1
  signal 0
done
signal KILL
