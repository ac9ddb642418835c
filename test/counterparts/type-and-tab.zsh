# type-and-tab.zsh SHELL SETUP LINE...: starts an interactive shell in a terminal. Types each line, Tab
# and Enter. Prints the arguments that the command recordpipe receives.
zmodload zsh/zpty
zpty shell "$1"
zpty -w shell "$2"
zpty -w shell 'recordpipe() { printf GOT; printf "<%s>" "$@"; printf "END\n"; }; printf "REA%s\n" DY'
zpty -r shell output '*READY*'
for line in "${@:3}"; do
  zpty -n -w shell "$line"$'\t\n'
  zpty -r shell output '*GOT<*END*'
  print -r -- ${${output##*GOT}%END*}
done
